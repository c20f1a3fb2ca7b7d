import { pressure } from 'mailstorm'

const SLEEPY = { dndShare: 0.5, dndSeconds: { min: 2, max: 6 } }

/** Does the proxy leave tenants alone that ask for it, and call them again soon afterwards? */
pressure(
  'dnd',
  {
    durationSeconds: 45,
    proxy: { GMP_SYNC_INTERVAL: '1' },
    tenants: [
      { profile: 'standard', ...SLEEPY, attachmentShare: 0, count: 3 },
      { profile: 'newsletter', ...SLEEPY, attachmentShare: 0 },
    ],
    thresholds: ['success_rate==1', 'disturbances==0', 'dnd_periods>=10', 'dnd_resume.max<2000'],
  },
  { onlyWhenNamed: true },
)
