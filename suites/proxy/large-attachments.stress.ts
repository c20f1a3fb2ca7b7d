import { pressure } from 'mailstorm'

/** Do files of 10 and 50 MB get through without filling memory? */
pressure(
  'large-attachments',
  {
    durationSeconds: 30,
    tenants: [{ profile: 'documents', messagesPerSync: 4, attachmentShare: 1, largeShare: 1, dndShare: 0 }],
    thresholds: ['success_rate==1', 'p(95)<60000', 'test_memory_mb<1024'],
  },
  { onlyWhenNamed: true },
)
