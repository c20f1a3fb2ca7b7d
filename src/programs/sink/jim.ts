/** Jim, MailHog's chaos monkey: chances from 0 to 1, link speed in bytes per second. */
export const JIM_KINDS = {
  DisconnectChance: 'number',
  AcceptChance: 'number',
  LinkSpeedAffect: 'number',
  LinkSpeedMin: 'number',
  LinkSpeedMax: 'number',
  RejectSenderChance: 'number',
  RejectRecipientChance: 'number',
  RejectAuthChance: 'number',
} as const
export type JimConfig = Readonly<Record<keyof typeof JIM_KINDS, number>>

export const JIM_DEFAULTS: JimConfig = {
  DisconnectChance: 0.005,
  AcceptChance: 0.99,
  LinkSpeedAffect: 0.1,
  LinkSpeedMin: 1024,
  LinkSpeedMax: 10240,
  RejectSenderChance: 0.05,
  RejectRecipientChance: 0.05,
  RejectAuthChance: 0.05,
}

/** MailHog passes eight times the configured speed to its link; measured, so Jim does it here too. */
const LINK_SPEED_FACTOR = 8
/** MailHog reads at most this much at a time, and may disconnect after each read. */
const READ_BYTES = 1024

/** What Jim does to one connection, by his settings when it began. */
export class Jim {
  readonly #config: JimConfig
  readonly #random: () => number

  constructor(config: JimConfig, random: () => number = Math.random) {
    this.#config = config
    this.#random = random
  }

  accepts(): boolean {
    return this.#random() <= this.#config.AcceptChance
  }

  /** Undefined when the link is not slowed. */
  bytesPerSecond(): number | undefined {
    const { LinkSpeedAffect, LinkSpeedMin, LinkSpeedMax } = this.#config
    if (this.#random() >= LinkSpeedAffect) return undefined
    const chosen = LinkSpeedMin + (LinkSpeedMax - LinkSpeedMin) * this.#random()
    return Math.max(1, chosen * LINK_SPEED_FACTOR)
  }

  disconnectsAfter(bytes: number): boolean {
    const stays = (1 - this.#config.DisconnectChance) ** Math.ceil(bytes / READ_BYTES)
    return this.#random() >= stays
  }

  rejectsSender(): boolean {
    return this.#random() < this.#config.RejectSenderChance
  }

  rejectsRecipient(): boolean {
    return this.#random() < this.#config.RejectRecipientChance
  }

  rejectsAuth(): boolean {
    return this.#random() < this.#config.RejectAuthChance
  }
}

/** Whether Jim is active, and his last settings. Shared by the SMTP side and the API. */
export class JimSwitch {
  #config: JimConfig
  #invited: boolean

  constructor(options: { config: JimConfig; invited: boolean }) {
    this.#config = options.config
    this.#invited = options.invited
  }

  /** Undefined while he is not active. */
  get config(): JimConfig | undefined {
    return this.#invited ? this.#config : undefined
  }

  invite(config: JimConfig = this.#config): void {
    this.#config = config
    this.#invited = true
  }

  dismiss(): void {
    this.#invited = false
  }

  forNewConnection(): Jim | undefined {
    return this.#invited ? new Jim(this.#config) : undefined
  }
}
