import { type Rule, shown } from './rule.ts'

/** Instances that send the same message, or a process that died between sending and noting it. */
export const duplicates: Rule = ({ verification, proxy }) => {
  const { duplicated, delivered } = verification
  if (duplicated === null || duplicated === 0) return undefined
  const several = proxy.instances > 1
  return {
    rule: 'duplicates',
    severity: 'critical',
    symptom: 'Messages delivered more than once',
    evidence: `${shown(duplicated)} deliveries more than the ${shown(delivered ?? 0)} messages delivered, with ${shown(proxy.instances)} ${several ? 'proxies' : 'proxy'} on the database; the first: ${verification.duplicated_ids.slice(0, 3).join(', ')}`,
    cause: several
      ? 'Several instances take the same rows of the queue: it has no claim or lease'
      : 'A send that was repeated after the server had accepted it: time limit, crash or lost connection',
    action: several
      ? 'Run one instance, or use a proxy that claims its messages (FOR UPDATE SKIP LOCKED with a lease)'
      : 'Look up the ids in the logs of proxy and SMTP server',
  }
}
