import { dockerMailhog, embeddedMailhog, MAILHOG_IMAGE } from '../../containers/mailhog.ts'
import { dockerPostgres, POSTGRES_IMAGE } from '../../containers/postgres/docker.ts'
import { embeddedPostgres } from '../../containers/postgres/postgres.ts'
import { whyNoDocker } from '../docker/engine.ts'
import { testGuarantees } from './guarantees.contract.ts'

testGuarantees({
  name: 'embedded PostgreSQL and sink',
  startPostgres: () => embeddedPostgres().start(),
  startMailhog: () => embeddedMailhog().start(),
})

const { POSTGRES_IMAGE: postgresImage = POSTGRES_IMAGE, MAILHOG_IMAGE: mailhogImage = MAILHOG_IMAGE } =
  process.env
const skipAll = await whyNoDocker(postgresImage, mailhogImage)

testGuarantees({
  name: 'PostgreSQL and MailHog in containers',
  startPostgres: () => dockerPostgres({ image: postgresImage }).start(),
  startMailhog: () => dockerMailhog({ image: mailhogImage }).start(),
  ...(skipAll === undefined ? {} : { skipAll }),
})
