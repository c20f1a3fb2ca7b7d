#!/usr/bin/env bash
# srs.js 0.1.0 and sender-rewriting-scheme 1.0.0 (npm), beside Mail::SRS 0.31 (Debian 12: libmail-srs-perl 0.31-9), the
# reference. Seen on 2026-11-30. Needs perl, node, dpkg-deb and apt-get with the lists of Debian 12.
#
# Both npm packages let the separator behind SRS0 and SRS1 be "=", "-" or "+", as SRS does. With "-" or "+" they put it
# into the middle of an SRS1 address as well, where SRS, and they themselves when they read, have "=" only. Mail that is
# forwarded a second time gets a return path that its own maker cannot read: its bounces are lost. SRS0 works, so a test
# with one forwarder shows nothing.
# An address in lower case, as some servers hand it back (against RFC 5321, section 2.4, but SRS provides for it), is
# read by Mail::SRS. To the other two it is no SRS address at all: they do not throw, they say null.
#
# Output seen:
#   srs.js, =: SRS0 read, SRS1 read, in lower case null
#   srs.js, -: SRS0 read, SRS1 Unrecognized SRS1 format, in lower case null
#   srs.js, +: SRS0 read, SRS1 Unrecognized SRS1 format, in lower case null
#   sender-rewriting-scheme, =: SRS0 read, SRS1 read, in lower case null
#   sender-rewriting-scheme, -: SRS0 read, SRS1 Invalid SRS1, in lower case null
#   sender-rewriting-scheme, +: SRS0 read, SRS1 Invalid SRS1, in lower case null
#   Mail::SRS, =: SRS0 read, SRS1 read, in lower case read
#   Mail::SRS, -: SRS0 read, SRS1 read, in lower case read
#   Mail::SRS, +: SRS0 read, SRS1 read, in lower case read
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libmail-srs-perl=0.31-9 libdigest-hmac-perl=1.04+dfsg-2; do apt-get -qq download "$package" 2>/dev/null; done
for file in ./*.deb; do dpkg-deb -x "$file" .; done
npm init -y >/dev/null
npm install --silent --no-audit --no-fund srs.js@0.1.0 sender-rewriting-scheme@1.0.0

cat >read.cjs <<'NODE'
const { SRS: Scheme } = require('sender-rewriting-scheme')
const SRS = require('srs.js')

const FIRST = 'first.example.test', SECOND = 'second.example.test'
const libraries = {
  'srs.js'(separator) {
    const srs = new SRS({ secret: 'secret', separator })
    return {
      forward: (address, host) => `${srs.rewrite(...address.split('@'))}@${host}`,
      reverse: (address) => srs.reverse(address.split('@')[0])?.join('@'),
    }
  },
  'sender-rewriting-scheme': (separator) => new Scheme({ secret: 'secret', separator }),
}
function told(act, expected) {
  try {
    const address = act()
    return address === expected ? 'read' : (address ?? 'null')
  } catch (error) {
    return error.message
  }
}
for (const [name, make] of Object.entries(libraries)) {
  for (const separator of ['=', '-', '+']) {
    const srs = make(separator)
    const once = srs.forward('bob@example.test', FIRST)
    const twice = srs.forward(once, SECOND)
    const verdicts = [
      `SRS0 ${told(() => srs.reverse(once), 'bob@example.test')}`,
      `SRS1 ${told(() => srs.reverse(twice), once)}`,
      `in lower case ${told(() => srs.reverse(once.toLowerCase()), 'bob@example.test')}`,
    ]
    console.log(`${name}, ${separator}: ${verdicts.join(', ')}`)
  }
}
NODE
cat >read.pl <<'PERL'
use strict;
use warnings;
use Mail::SRS;

for my $separator ('=', '-', '+') {
  my $srs = Mail::SRS->new(Secret => 'secret', Separator => $separator, IgnoreTimestamp => 0);
  my $once = $srs->forward('bob@example.test', 'first.example.test');
  my $twice = $srs->forward($once, 'second.example.test');
  local $SIG{__WARN__} = sub { };
  my $told = sub { my ($address, $expected) = @_; $srs->reverse($address) eq $expected ? 'read' : 'another' };
  printf "Mail::SRS, %s: SRS0 %s, SRS1 %s, in lower case %s\n", $separator, $told->($once, 'bob@example.test'),
    $told->($twice, $once), $told->(lc $once, 'bob@example.test');
}
PERL
{ node read.cjs; perl -Iusr/share/perl5 read.pl; } | tee output
cat >expected <<'TEXT'
srs.js, =: SRS0 read, SRS1 read, in lower case null
srs.js, -: SRS0 read, SRS1 Unrecognized SRS1 format, in lower case null
srs.js, +: SRS0 read, SRS1 Unrecognized SRS1 format, in lower case null
sender-rewriting-scheme, =: SRS0 read, SRS1 read, in lower case null
sender-rewriting-scheme, -: SRS0 read, SRS1 Invalid SRS1, in lower case null
sender-rewriting-scheme, +: SRS0 read, SRS1 Invalid SRS1, in lower case null
Mail::SRS, =: SRS0 read, SRS1 read, in lower case read
Mail::SRS, -: SRS0 read, SRS1 read, in lower case read
Mail::SRS, +: SRS0 read, SRS1 read, in lower case read
TEXT
diff expected output
