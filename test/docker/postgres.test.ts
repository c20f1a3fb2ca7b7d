// @module-tag long

import { dockerPostgres, POSTGRES_IMAGE } from '../../containers/postgres/docker.ts'
import { testPostgres } from '../../containers/postgres/postgres.contract.ts'
import { killService, whyNoDocker } from './engine.ts'

const { POSTGRES_IMAGE: image = POSTGRES_IMAGE } = process.env
const skipAll = await whyNoDocker(image)

testPostgres({
  implementation: 'docker',
  newService: (options) => dockerPostgres({ ...options, image }),
  kill: (postgres) => killService(postgres.name),
  ...(skipAll === undefined ? {} : { skipAll }),
})
