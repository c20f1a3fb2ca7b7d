#!/usr/bin/env bash
# Mail::DeliveryStatus::BounceParser 1.543 (Debian 12: libmail-deliverystatus-bounceparser-perl 1.543+repacked-1).
# Seen on 2026-11-30. Needs perl, dpkg-deb and apt-get with the lists of Debian 12.
#
# A delivery report on three recipients, of whom the first failed, the second is delayed and the third failed, as the
# second example of RFC 3464, Appendix E, has it. The reader calls it no bounce at all, and of the two failures it tells
# the first: everything behind the delayed recipient is lost. In another order of the same recipients it tells both.
#
# Output seen:
#   failed, delayed, failed: is_bounce 0, told: one@example.test
#   failed, failed, delayed: is_bounce 0, told: one@example.test two@example.test
#   delayed, failed, failed: is_bounce 0, told: nobody
#   failed, failed: is_bounce 1, told: one@example.test two@example.test
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libmail-deliverystatus-bounceparser-perl=1.543+repacked-1 libmime-tools-perl=5.510-1 \
  libmailtools-perl=2.21-2 libio-stringy-perl=2.111-3 libtimedate-perl=2.3300-2 libconvert-binhex-perl=1.125-3; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >read.pl <<'PERL'
use strict;
use warnings;
use Mail::DeliveryStatus::BounceParser;

my %told = (
  failed  => "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown user\n",
  delayed => "Action: delayed\nStatus: 4.4.7\n",
);
for my $actions (['failed', 'delayed', 'failed'], ['failed', 'failed', 'delayed'], ['delayed', 'failed', 'failed'], ['failed', 'failed']) {
  my @names = map { "$_\@example.test" } 'one', 'two';
  my $report = "Reporting-MTA: dns; relay.example.test\n";
  for my $action (@$actions) {
    my $to = $action eq 'failed' ? shift @names : 'later@example.test';
    $report .= "\nFinal-Recipient: rfc822; $to\n$told{$action}";
  }
  my $message = <<"MAIL";
From: MAILER-DAEMON\@relay.example.test
To: sender\@example.test
Subject: Delivery report
Date: Mon, 30 Nov 2026 12:00:00 +0000
Message-ID: <report\@relay.example.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

What became of the message stands below.

--b
Content-Type: message/delivery-status

$report
--b
Content-Type: message/rfc822

From: sender\@example.test
Message-ID: <original\@example.test>
Subject: the message

text
--b--
MAIL
  my $bounce = Mail::DeliveryStatus::BounceParser->new($message);
  my @addresses = map { $_->get('email') } $bounce->reports;
  printf "%s: is_bounce %s, told: %s\n", join(', ', @$actions), $bounce->is_bounce, join(' ', @addresses) || 'nobody';
}
PERL
perl -Iusr/share/perl5 read.pl | tee output
cat >expected <<'TEXT'
failed, delayed, failed: is_bounce 0, told: one@example.test
failed, failed, delayed: is_bounce 0, told: one@example.test two@example.test
delayed, failed, failed: is_bounce 0, told: nobody
failed, failed: is_bounce 1, told: one@example.test two@example.test
TEXT
diff expected output
