/** Faults are for this machine: nothing of them listens to a network. */
export const LOOPBACK = '127.0.0.1'
