#!/usr/bin/env bash
# flufl.bounce 6.0.0 (PyPI), the bounce detector of Mailman. Seen on 2026-11-29.
#
# The failed delivery of an internationalised message is reported in another form (RFC 6533): the media type is
# message/global-delivery-status, the report type global-delivery-status, and the address type utf-8 instead of
# rfc822. flufl.bounce finds no failed address in it, and none either in an ordinary report whose only
# difference is the address type. No error is raised: to its caller, such a message is no bounce at all.
#
# Output seen:
#   RFC 3464, rfc822; a@example.test: permanent ['a@example.test']
#   RFC 3464, utf-8; a@example.test: permanent []
#   RFC 6533, utf-8; jürgen@example.test: permanent []
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check flufl.bounce==6.0.0

cat >read.py <<'PYTHON'
import email
from flufl.bounce import all_failures

REPORT = """\
From: Mail Delivery Subsystem <mailer-daemon@mx.example.test>
To: sender@example.test
Subject: Delivery failed
Date: Sun, 29 Nov 2026 10:00:00 +0000
Message-ID: <report@mx.example.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}delivery-status; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

The message could not be delivered.

--b
Content-Type: message/{kind}delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.example.test

Final-Recipient: {recipient}
Action: failed
Status: 5.1.1

--b--
"""

for standard, kind, recipient in [
    ("RFC 3464", "", "rfc822; a@example.test"),
    ("RFC 3464", "", "utf-8; a@example.test"),
    ("RFC 6533", "global-", "utf-8; j\u00fcrgen@example.test"),
]:
    octets = REPORT.format(kind=kind, recipient=recipient).replace("\n", "\r\n").encode()
    temporary, permanent = all_failures(email.message_from_bytes(octets))
    assert not temporary
    print(f"{standard}, {recipient}: permanent {sorted(address.decode() for address in permanent)}")
PYTHON
PYTHONIOENCODING=utf-8 venv/bin/python read.py | tee output
cat >expected <<'TEXT'
RFC 3464, rfc822; a@example.test: permanent ['a@example.test']
RFC 3464, utf-8; a@example.test: permanent []
RFC 6533, utf-8; jürgen@example.test: permanent []
TEXT
diff expected output
