import { pressure } from 'mailstorm'

/** Does the whole protocol work with four very different tenants? */
pressure('pressure', {
  durationSeconds: 60,
  tenants: [
    // The published clients sleep for 30 to 300 s: within a minute they would do little else.
    { profile: 'high-volume', dndSeconds: { min: 3, max: 10 } },
    { profile: 'standard', dndSeconds: { min: 3, max: 10 } },
    { profile: 'newsletter', dndSeconds: { min: 3, max: 10 } },
    { profile: 'documents', dndSeconds: { min: 3, max: 10 } },
  ],
  thresholds: ['success_rate==1', 'p(95)<30000', 'report_lag.p(95)<15000', 'fairness<5'],
})
