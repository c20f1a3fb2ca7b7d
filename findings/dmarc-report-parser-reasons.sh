#!/usr/bin/env bash
# dmarc-report-parser 0.1.5 (npm), beside dmark 0.5.0 (PyPI). Seen on 2026-11-30.
#
# A receiver that does not apply the published policy tells why, in <reason> (RFC 7489, section 7.2 and appendix C): the
# message was forwarded, came from a mailing list, local policy said so. dmarc-report-parser refuses every report that has
# one, with or without <comment>, and the other reports of the same call with it. What it is good for, to find who
# forwards one's mail, is in those reports; the ones that pass are those where nothing special came up.
#
# Output seen:
#   no reason: dmark 2 messages, dmarc-report-parser 2 messages
#   mailing_list: dmark 2 messages (mailing_list), dmarc-report-parser ZodError at reason.0.type
#   forwarded, no comment: dmark 2 messages (forwarded), dmarc-report-parser ZodError at reason.0.type
#   all three in one call: dmarc-report-parser ZodError at reason.0.type
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund dmarc-report-parser@0.1.5
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dmark==0.5.0

cat >read.py <<'PYTHON'
import sys

from dmark.parser import parse_report_bytes

for record in parse_report_bytes(open(sys.argv[1], 'rb').read()).records:
    reasons = ', '.join(record.override_reasons)
    print(f'{record.count} messages' + (f' ({reasons})' if reasons else ''))
PYTHON
cat >read.cjs <<'NODE'
const { execFileSync } = require('node:child_process')
const { writeFileSync } = require('node:fs')
const { parseDmarcReportsFromXml } = require('dmarc-report-parser')

const report = (reason) => `<?xml version="1.0" encoding="UTF-8"?>
<feedback>
  <version>1.0</version>
  <report_metadata>
    <org_name>Receiver</org_name>
    <email>reports@mx.example.test</email>
    <report_id>1@mx.example.test</report_id>
    <date_range><begin>1796000000</begin><end>1796086399</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>example.test</domain>
    <adkim>r</adkim>
    <aspf>r</aspf>
    <p>reject</p>
    <sp>reject</sp>
    <pct>100</pct>
    <fo>0</fo>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip>
      <count>2</count>
      <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>${reason}</policy_evaluated>
    </row>
    <identifiers>
      <envelope_to>mx.example.test</envelope_to>
      <envelope_from>list.example.test</envelope_from>
      <header_from>example.test</header_from>
    </identifiers>
    <auth_results>
      <dkim><domain>example.test</domain><selector>s</selector><result>fail</result></dkim>
      <spf><domain>list.example.test</domain><scope>mfrom</scope><result>pass</result></spf>
    </auth_results>
  </record>
</feedback>
`
const reports = {
  'no reason': report(''),
  mailing_list: report('<reason><type>mailing_list</type><comment>a list known here</comment></reason>'),
  'forwarded, no comment': report('<reason><type>forwarded</type></reason>'),
}
async function read(texts) {
  try {
    const { reports } = await parseDmarcReportsFromXml(texts)
    return `${reports.flatMap(({ record }) => record.map(({ row }) => row.count)).join(' and ')} messages`
  } catch (error) {
    return `${error.name} at ${error.issues?.[0].path.slice(-3).join('.')}`
  }
}

async function main() {
  for (const [name, text] of Object.entries(reports)) {
    writeFileSync('report.xml', text)
    const dmark = execFileSync('env/bin/python', ['read.py', 'report.xml'], { encoding: 'utf8' }).trim()
    console.log(`${name}: dmark ${dmark}, dmarc-report-parser ${await read([text])}`)
  }
  console.log(`all three in one call: dmarc-report-parser ${await read(Object.values(reports))}`)
}
main()
NODE
node read.cjs | tee output
cat >expected <<'TEXT'
no reason: dmark 2 messages, dmarc-report-parser 2 messages
mailing_list: dmark 2 messages (mailing_list), dmarc-report-parser ZodError at reason.0.type
forwarded, no comment: dmark 2 messages (forwarded), dmarc-report-parser ZodError at reason.0.type
all three in one call: dmarc-report-parser ZodError at reason.0.type
TEXT
diff expected output
