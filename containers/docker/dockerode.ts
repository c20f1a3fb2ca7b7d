import type { ContainerRuntimeClient } from 'testcontainers'

/** The API of the container engine, by the client that Testcontainers uses. */
export type Docker = ContainerRuntimeClient['container']['dockerode']
export type ContainerHandle = ReturnType<Docker['getContainer']>
export type Inspection = Awaited<ReturnType<ContainerHandle['inspect']>>
