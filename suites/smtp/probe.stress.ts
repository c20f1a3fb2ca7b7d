import { probe } from 'mailstorm'

/** What does a server really do? Runs only when asked for: `-t probe`. */
probe('probe')
