import { PROBE_FORMAT, type ProbeReport, type ProbeResult, type ProbeRow } from '../../probe/report.ts'

function row(changes: Partial<ProbeRow>): ProbeRow {
  return {
    id: 'rset',
    title: 'RSET ends a transaction',
    rfc: 'RFC 5321 4.1.1.5',
    sent: 'RSET',
    came: '250 2.0.0 Ok',
    verdict: 'conforms',
    note: '',
    ...changes,
  }
}

function report(target: string, rows: readonly ProbeRow[]): ProbeReport {
  const of = (verdict: ProbeRow['verdict']) => rows.filter((one) => one.verdict === verdict).length
  return {
    target,
    stamp: '20260102-030405',
    took_seconds: 3.2,
    wait_seconds: 2,
    extensions: ['PIPELINING', 'SIZE 10485760'],
    counts: {
      conforms: of('conforms'),
      deviates: of('deviates'),
      'not offered': of('not offered'),
      unknown: of('unknown'),
    },
    rows,
  }
}

/** Two servers, one of which answers RSET with markup. */
export function probeResult(): ProbeResult {
  const tls = { id: 'starttls', title: 'STARTTLS is offered', rfc: 'RFC 3207 4', sent: 'EHLO' }
  return {
    format: PROBE_FORMAT,
    stamp: '20260102-030405',
    targets: [
      report('127.0.0.1:2525', [row({}), row({ ...tls, verdict: 'not offered', came: '' })]),
      report('127.0.0.1:2526', [
        row({ verdict: 'deviates', came: '502 <b>no</b>', note: 'the reply to RSET is not 250' }),
        row({ ...tls, verdict: 'unknown', came: 'nothing in 2 s' }),
      ]),
    ],
  }
}
