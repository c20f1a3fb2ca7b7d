#!/usr/bin/env bash
# Net::Sieve::Script 0.09 (Debian 12: libnet-sieve-script-perl 0.09-2). Seen on 2026-11-30.
# Needs perl, dpkg-deb and apt-get with the lists of Debian 12.
#
# It says that it supports RFC 5228, and that parsing_ok tells whether a script may be written back. Scripts that are read
# and written back without a change:
#  - where parsing_ok is true, a text is cut at a comment mark in it, "redirect" gets a require, though it is no extension
#    (a server must refuse such a script: sections 2.10.5 and 3.2), and "envelope" loses the require that it needs;
#  - parsing_ok is false, and what is written another rule, for an if within an if (the inner condition is gone), an action
#    without an if, a ";" or "#" within quotes, a text of several lines: all of it RFC 5228, but for the action vacation.
# A webmail that edits rules by it hands the server others than the user's.
#
# Output seen:
#   plain (ok): the same
#   if in if (not ok): if header :is "a" "b" { discard; }
#   no if (not ok): nothing
#   semicolon in text (not ok): require "fileinto"; if header :is "a" "b" { fileinto "x; }
#   comment mark in text (ok): if header :is "a" "b " { discard; }
#   hash in text (not ok): nothing
#   text over lines (not ok): if true { }
#   redirect (ok): require "redirect"; if header :is "a" "b" { redirect "c@example.test"; }
#   envelope (ok): if envelope :is "from" "a@example.test" { discard; }
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libnet-sieve-script-perl=0.09-2 libclass-accessor-perl=0.51-2; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

cat >read.pl <<'PERL'
use strict;
use warnings;
use Net::Sieve::Script;

my @scripts = (
  ['plain', 'if header :is "a" "b" { discard; } else { keep; }'],
  ['if in if', 'if header :is "a" "b" { if header :is "c" "d" { discard; } }'],
  ['no if', 'require "fileinto"; fileinto "x";'],
  ['semicolon in text', 'require "fileinto"; if header :is "a" "b" { fileinto "x;y"; }'],
  ['comment mark in text', 'if header :is "a" "b /* c */" { discard; }'],
  ['hash in text', 'if header :is "a" "#b" { discard; }'],
  ['text over lines', qq{require "vacation"; if true { vacation text:\nGone.\n.\n; }}],
  ['redirect', 'if header :is "a" "b" { redirect "c@example.test"; }'],
  ['envelope', 'require "envelope"; if envelope :is "from" "a@example.test" { discard; }'],
);
local $SIG{__WARN__} = sub { };
for (@scripts) {
  my ($name, $text) = @$_;
  my $script = Net::Sieve::Script->new($text);
  my $written = $script->write_script // '';
  s/\s+/ /g, s/^ | $//g for $text, $written;
  printf "%s (%s): %s\n", $name, $script->parsing_ok ? 'ok' : 'not ok', $written eq $text ? 'the same' : $written || 'nothing';
}
PERL
perl -Iusr/share/perl5 read.pl | tee output
cat >expected <<'TEXT'
plain (ok): the same
if in if (not ok): if header :is "a" "b" { discard; }
no if (not ok): nothing
semicolon in text (not ok): require "fileinto"; if header :is "a" "b" { fileinto "x; }
comment mark in text (ok): if header :is "a" "b " { discard; }
hash in text (not ok): nothing
text over lines (not ok): if true { }
redirect (ok): require "redirect"; if header :is "a" "b" { redirect "c@example.test"; }
envelope (ok): if envelope :is "from" "a@example.test" { discard; }
TEXT
diff expected output
