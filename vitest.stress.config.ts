import { stressConfig } from 'mailstorm/vitest'

/** The scenarios of suites/, by the same door as another repository's. */
export default stressConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'smtp', include: ['suites/smtp/**/*.stress.ts'] } },
      { extends: true, test: { name: 'proxy', include: ['suites/proxy/*.stress.ts'] } },
    ],
  },
})
