#!/usr/bin/env bash
# sievelib 1.6.0 (PyPI). Seen on 2026-11-30.
#
# Its description lists "Relational (RFC 5231)" among the extensions that it supports. It refuses the example of that
# RFC (section 5), a number compared as a number: it knows no comparator that can do so. What it takes of relational
# compares texts, to which 10 is less than 9. ("Date and Index" is listed as supported in part: the part without index.)
#
# Output seen:
#   numbers (RFC 5231): refused, bad value "i;ascii-numeric" for argument comparator
#   texts (RFC 5231): taken
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check sievelib==1.6.0

cat >read.py <<'PYTHON'
from sievelib.parser import Parser

SCRIPTS = {
    'numbers (RFC 5231)': 'require ["relational", "comparator-i;ascii-numeric"];\n'
    'if header :value "lt" :comparator "i;ascii-numeric" "x-priority" "3" { keep; }\n',
    'texts (RFC 5231)': 'require ["relational"];\nif header :value "lt" "x-priority" "3" { keep; }\n',
}
for name, script in SCRIPTS.items():
    parser = Parser()
    taken = parser.parse(script)
    print(f"{name}: {'taken' if taken else 'refused, ' + parser.error.removeprefix('line 2: ')}")
PYTHON
env/bin/python read.py | tee output
cat >expected <<'TEXT'
numbers (RFC 5231): refused, bad value "i;ascii-numeric" for argument comparator
texts (RFC 5231): taken
TEXT
diff expected output
