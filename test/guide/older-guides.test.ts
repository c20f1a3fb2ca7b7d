import { expect, test } from 'vitest'
import { GUIDE } from './guide.ts'

/** What the guide of the SMTP stress test was made of. */
const STRESS = `Overview, Key Features, Architecture, Components, Resource Limits, Required Software,
  System Requirements, Installation Verification, Build Images, Run Quick Test, View Results, Quick Smoke Test,
  Burst Load Test, Sustained Load Test, Heavy Load Test, Mixed Message Sizes, Comprehensive Test Suite, Message Sizes,
  Burst Mode, Sustained Mode, Modify Server Count, Adjust Resource Limits, Modify SMTP Configuration, Start Servers,
  Wait for Health Checks, Run Load Generator, Monitor Resources, Stop and Clean Up, Result Metrics, Sample Output,
  Result Files, Manual Analysis, 512-Byte Line Limit in DATA Mode, Servers Won't Start, Connection Errors During Testing,
  Poor Performance / Low Throughput, Out of Memory Errors, Results Not Saved, Debug Mode, Ramp-Up Test, Spike Test,
  GitHub Actions Workflow, Performance Benchmarking, Scaling Tests, Custom Metrics Collection, Testing Strategy,
  Resource Management, Result Analysis, Getting Help, Reporting Issues, File Structure, Environment Variables,
  Network Configuration, Version History`
const COMMANDS = `build start stop clean status logs test-quick test-burst test-sustained test-heavy test-mixed test-all
  run-custom list latest analyze summary compare`
/** And that of the pressure test. */
const PRESSURE = `Quick Start, Architecture, How It Works, Simulated Client Profiles, Attachment sizes, Client Statistics,
  Grafana Dashboard, MailHog, Scaling, Client Configuration, Proxy Configuration, Warning Signs, Cleanup,
  Kubernetes Migration`

/** The left side of a table, and only of rows with something on the right. */
function rowsOf(heading: string): string {
  const section = GUIDE.split(heading)[1]?.split(/^##/m)[0] ?? ''
  return [...section.matchAll(/^\| (.+?) \| \S.* \|$/gm)].map(([, there]) => `, ${there},`).join('\n')
}

const parts = (list: string) => list.split(',').map((part) => part.trim().replaceAll(/\s+/g, ' '))
const stress = rowsOf('### `stress-test.sh`')
const pressure = rowsOf('### `docker-compose.pressure.yml`')

test.each(parts(STRESS))('the stress guide: %s has its place', (part) => {
  expect(stress).toContain(`, ${part},`)
})

test.each(COMMANDS.split(/\s+/))('the script: %s has its command', (command) => {
  expect(stress).toContain(`\`${command}\``)
})

test.each(parts(PRESSURE))('the pressure test: %s has its place', (part) => {
  expect(pressure).toContain(`, ${part},`)
})
