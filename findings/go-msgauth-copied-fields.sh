#!/usr/bin/env bash
# github.com/emersion/go-msgauth 0.7.0 (Go), beside OpenDKIM's library 2.11.0~beta2 (Debian 12: libopendkim11
# 2.11.0~beta2-8+deb12u1) and dkimpy 1.1.8 (PyPI). Seen on 2026-11-30. Needs go, python3, openssl, and apt-get with the
# lists of Debian 12.
#
# OpenDKIM with "Diagnostics yes" puts a copy of the signed fields into its signature, as z= (RFC 6376, section 3.5), each
# space as "=20". go-msgauth, with which maddy verifies, then looks for the value of b= to leave it out, and
# takes "b=" at the end of any word for it: "Bob Smith" in From is enough (Bob=20Smith), or a "job application" in
# Subject. The signature is good, and it tells that it "did not verify". Ann Smith's mail passes.
#
# Output seen:
#   From: Ann Smith: dkimpy pass, go-msgauth pass
#   From: Bob Smith: dkimpy pass, go-msgauth dkim: signature did not verify: crypto/rsa: verification error
#   Subject: Your application: dkimpy pass, go-msgauth pass
#   Subject: Your job application: dkimpy pass, go-msgauth dkim: signature did not verify: crypto/rsa: verification error
#   From: Bob Smith, without z=: dkimpy pass, go-msgauth pass
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in libopendkim11=2.11.0~beta2-8+deb12u1 libbsd0=0.11.7-2 libmd0=1.0.4-2; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done
libraries=$(dirname "$(find . -name libopendkim.so.11)")
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dkimpy==1.1.8
openssl genrsa -traditional -out key.pem 2048 2>/dev/null
printf 'v=DKIM1; k=rsa; p=%s' "$(openssl rsa -in key.pem -pubout -outform DER 2>/dev/null | base64 -w0)" >record

cat >go.mod <<'MOD'
module verify

go 1.22

require github.com/emersion/go-msgauth v0.7.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/emersion/go-msgauth/dkim"
)

func main() {
	record, err := os.ReadFile("record")
	if err != nil {
		panic(err)
	}
	lookup := func(string) ([]string, error) { return []string{string(record)}, nil }
	found, err := dkim.VerifyWithOptions(os.Stdin, &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil {
		panic(err)
	}
	for _, signature := range found {
		if signature.Err != nil {
			fmt.Println(signature.Err)
		} else {
			fmt.Println("pass")
		}
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o verify .

cat >meet.py <<'PYTHON'
import ctypes
import subprocess

import dkim

# The constants are those of dkim.h.
SET_OPTION, FLAGS, COPY_FIELDS, RELAXED, RSA_SHA256, WHOLE_BODY = 1, 0, 0x10, 1, 1, -1
library = ctypes.CDLL('libopendkim.so.11')
library.dkim_init.restype = library.dkim_sign.restype = ctypes.c_void_p
key = open('key.pem', 'rb').read()
record = open('record', 'rb').read()


def sign(message, flags):
    """Signs as OpenDKIM does, whose configuration comes down to these flags."""
    instance = ctypes.c_void_p(library.dkim_init(None, None))
    value, status = ctypes.c_uint(flags), ctypes.c_int()
    assert library.dkim_options(instance, SET_OPTION, FLAGS, ctypes.byref(value), ctypes.c_size_t(4)) == 0
    handle = ctypes.c_void_p(library.dkim_sign(
        instance, b'job', None, key, b's', b'example.test', RELAXED, RELAXED, RSA_SHA256,
        ctypes.c_ssize_t(WHOLE_BODY), ctypes.byref(status),
    ))
    assert library.dkim_chunk(handle, message, ctypes.c_size_t(len(message))) == 0
    assert library.dkim_chunk(handle, b'', ctypes.c_size_t(0)) == 0
    assert library.dkim_eom(handle, None) == 0
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    name = b'DKIM-Signature: '
    assert library.dkim_getsighdr_d(handle, ctypes.c_size_t(len(name)), ctypes.byref(text), ctypes.byref(size)) == 0
    return name + text.value.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n') + b'\r\n' + message


for name, author, subject, flags in [
    ('From: Ann Smith', 'Ann Smith <a@example.test>', 'Hello', COPY_FIELDS),
    ('From: Bob Smith', 'Bob Smith <a@example.test>', 'Hello', COPY_FIELDS),
    ('Subject: Your application', 'a@example.test', 'Your application', COPY_FIELDS),
    ('Subject: Your job application', 'a@example.test', 'Your job application', COPY_FIELDS),
    ('From: Bob Smith, without z=', 'Bob Smith <a@example.test>', 'Hello', 0),
]:
    fields = f'From: {author}\r\nTo: b@example.test\r\nSubject: {subject}\r\nMessage-ID: <1@example.test>\r\n'
    message = sign(f'{fields}Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n\r\ntext\r\n'.encode(), flags)
    good = dkim.DKIM(message).verify(dnsfunc=lambda name, timeout=5: record)
    told = subprocess.run(['./verify'], input=message, capture_output=True, check=True).stdout.decode().strip()
    print(f"{name}: dkimpy {'pass' if good else 'fail'}, go-msgauth {told}")
PYTHON
LD_LIBRARY_PATH=$libraries env/bin/python meet.py | tee output
cat >expected <<'TEXT'
From: Ann Smith: dkimpy pass, go-msgauth pass
From: Bob Smith: dkimpy pass, go-msgauth dkim: signature did not verify: crypto/rsa: verification error
Subject: Your application: dkimpy pass, go-msgauth pass
Subject: Your job application: dkimpy pass, go-msgauth dkim: signature did not verify: crypto/rsa: verification error
From: Bob Smith, without z=: dkimpy pass, go-msgauth pass
TEXT
diff expected output
