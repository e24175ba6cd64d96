/** How many logs are read at once. Who can't read on for a while gives its place to one that waits. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []
  /** Holders that rest, and how to ask them to give way. */
  readonly #resting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      const [giveWay] = this.#resting
      if (giveWay === undefined) return
      this.#resting.delete(giveWay)
      giveWay()
    })
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }

  /** A holder can't read on for now; `giveWay` is called, at most once, where another one waits. Returns how to take that back. */
  rest(giveWay: () => void): () => void {
    if (this.#waiting.length > 0) giveWay()
    else this.#resting.add(giveWay)
    return () => void this.#resting.delete(giveWay)
  }
}

/** Keeps requests apart, so that all streams that broke together don't come back as one. */
export class Pace {
  readonly #gapMs: number
  #last: Promise<void> = Promise.resolve()

  constructor(gapMs: number) {
    this.#gapMs = gapMs
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    const turn = this.#last
    this.#last = turn.then(() => new Promise((resolve) => setTimeout(resolve, this.#gapMs)))
    return turn
  }
}
