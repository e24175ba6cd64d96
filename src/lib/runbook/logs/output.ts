/** Writes bytes and resolves when they are taken, so that a slow reader slows us down. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>

/** A write for each line would cost more than all the rest. */
const PIECE = 1024 * 1024

/** Collects bytes to be written in large pieces. */
export class OutputBuffer {
  readonly #write: WriteBytes
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE)
  #length = 0
  #full: Buffer[] = []
  #spare: Buffer | null = null

  constructor(write: WriteBytes) {
    this.#write = write
  }

  /** True where a piece is full: time to flush. More may be added still. */
  get isFull(): boolean {
    return this.#full.length > 0
  }

  get isEmpty(): boolean {
    return this.#length === 0 && this.#full.length === 0
  }

  add(bytes: Buffer, start = 0, end = bytes.length): void {
    let from = start
    while (end - from > PIECE - this.#length) {
      const to = from + PIECE - this.#length
      bytes.copy(this.#piece, this.#length, from, to)
      this.#nextPiece()
      from = to
    }
    this.#length += bytes.copy(this.#piece, this.#length, from, end)
  }

  addText(text: string): void {
    // UTF-8 takes three bytes at most for each unit of a string.
    if (text.length * 3 <= PIECE - this.#length) this.#length += this.#piece.write(text, this.#length, 'utf8')
    else this.add(Buffer.from(text, 'utf8'))
  }

  addByte(byte: number): void {
    if (this.#length === PIECE) this.#nextPiece()
    this.#piece[this.#length] = byte
    this.#length += 1
  }

  /** Writes everything. Nothing may be added meanwhile. */
  async flush(): Promise<void> {
    for (const piece of this.#full) {
      await this.#write(piece)
      this.#spare = piece
    }
    this.#full = []
    if (this.#length > 0) await this.#write(this.#piece.subarray(0, this.#length))
    this.#length = 0
  }

  #nextPiece(): void {
    this.#full.push(this.#piece)
    this.#piece = this.#spare ?? Buffer.allocUnsafeSlow(PIECE)
    this.#spare = null
    this.#length = 0
  }
}
