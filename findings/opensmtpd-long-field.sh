#!/usr/bin/env bash
# OpenSMTPD 6.8.0p2 (Debian 12: opensmtpd 6.8.0p2-4+b4). Seen on 2026-11-30.
# Needs root (for a mount namespace), unshare, python3, dpkg-deb and apt-get with the lists of Debian 12 for amd64.
#
# A message that names some 2,500 addresses in To is refused for good as "not RFC 2822 compliant", though it is for one
# recipient only: neither To nor Cc may have 65,536 octets behind the colon, a line end counted as one. Each line of them
# is short, and RFC 2822 and RFC 5322 limit lines, not folded fields. References, twice as long, passes.
#
# Output seen:
#   To of 65535 octets: taken
#   To of 65536 octets: 550 5.7.1 Delivery not authorized, message refused: Message is not RFC 2822 compliant
#   Cc of 65535 octets: taken
#   Cc of 65536 octets: 550 5.7.1 Delivery not authorized, message refused: Message is not RFC 2822 compliant
#   References of 131072 octets: taken
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
for package in opensmtpd=6.8.0p2-4+b4 libevent-2.1-7=2.1.12-stable-8; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in ./*.deb; do dpkg-deb -x "$file" .; done

# Names of its users and folders are compiled in: it sees a machine that has them, and this one stays as it is.
{ cat /etc/passwd; printf '%s:x:%s:%s::/:/usr/sbin/nologin\n' opensmtpd 64001 64001 opensmtpq 64002 64002; } >passwd
{ cat /etc/group; printf '%s:x:%s:\n' opensmtpd 64001 opensmtpq 64002; } >group
# No name server: the name of its client is not looked up outside.
echo 'nameserver 127.0.0.1' >resolv.conf
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
cat >smtpd.conf <<CONF
listen on 127.0.0.1 port $port hostname mx.example.test
action discard mda "cat >/dev/null" virtual { "@" = nobody }
match from any for domain "example.test" action discard
CONF
cat >send.py <<'PYTHON'
import smtplib, sys, time

def connect():
    for _ in range(100):
        try:
            return smtplib.SMTP('127.0.0.1', int(sys.argv[1]), local_hostname='client.example.test', timeout=30)
        except OSError:
            time.sleep(0.1)
    sys.exit('no server')

def body(octets, item, between):
    """Items, each on a line of its own, of that many octets: the last item is as long as it takes."""
    lines = [f' {item(f"{number:05}")}{between}\n' for number in range(octets // len(f' {item("00000")}{between}\n') - 1)]
    left = octets - sum(map(len, lines))
    return ''.join(lines) + ' ' + item('x' * (left - 1 - len(item(''))))

def answer(field):
    message = f'From: a@example.test\nDate: Mon, 30 Nov 2026 12:00:00 +0000\nMessage-ID: <1@example.test>\n{field}\n\ntext\n'
    try:
        client.sendmail('a@example.test', ['to@example.test'], message)
        return 'taken'
    except smtplib.SMTPDataError as refusal:
        return f'{refusal.smtp_code} {refusal.smtp_error.decode()}'

client = connect()
for name, octets in ('To', 65535), ('To', 65536), ('Cc', 65535), ('Cc', 65536):
    print(f'{name} of {octets} octets: {answer(name + ":" + body(octets, lambda x: f"u{x}@example.test", ","))}')
print(f'References of 131072 octets: {answer("References:" + body(131072, lambda x: f"<{x}@example.test>", ""))}')
PYTHON
cat >inside <<'BASH'
for file in passwd group resolv.conf; do mount --bind "$file" "/etc/$file"; done
for folder in /run /var/lib /var/spool; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p -m 711 /var/lib/opensmtpd/empty /var/spool/smtpd
LD_LIBRARY_PATH=$(echo "$PWD"/usr/lib/*-linux-gnu) "$PWD/usr/sbin/smtpd" -d -f smtpd.conf >log 2>&1 &
python3 send.py "$1" || { cat log; exit 1; } >&2
BASH
# The first process of a pid namespace takes all others along.
unshare --mount --pid --fork --kill-child --mount-proc bash -eu inside "$port" | tee output
cat >expected <<'TEXT'
To of 65535 octets: taken
To of 65536 octets: 550 5.7.1 Delivery not authorized, message refused: Message is not RFC 2822 compliant
Cc of 65535 octets: taken
Cc of 65536 octets: 550 5.7.1 Delivery not authorized, message refused: Message is not RFC 2822 compliant
References of 131072 octets: taken
TEXT
diff expected output
