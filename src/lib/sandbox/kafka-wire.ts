/** Kafka's way to write numbers, strings and lists (the versions before the compact ones), for the sandbox's brokers. */

export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#take(8)))
  }

  string(): string {
    const length = this.int16()
    const start = this.#take(Math.max(0, length))
    return this.#bytes.toString('utf8', start, start + Math.max(0, length))
  }

  /** Null is written as a length of -1. */
  list<T>(read: () => T): T[] | null {
    const length = this.int32()
    return length < 0 ? null : Array.from({length}, read)
  }

  #take(length: number): number {
    const start = this.#at
    this.#at += length
    return start
  }
}

export class Writer {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.#add(1, (bytes) => bytes.writeInt8(value))
  }

  int16(value: number): this {
    return this.#add(2, (bytes) => bytes.writeInt16BE(value))
  }

  int32(value: number): this {
    return this.#add(4, (bytes) => bytes.writeInt32BE(value))
  }

  int64(value: number): this {
    return this.#add(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)))
  }

  string(text: string | null): this {
    if (text === null) return this.int16(-1)
    const bytes = Buffer.from(text)
    this.int16(bytes.length).#parts.push(bytes)
    return this
  }

  bytes(bytes: Buffer): this {
    this.int32(bytes.length).#parts.push(bytes)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  end(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #add(length: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(length)
    write(bytes)
    this.#parts.push(bytes)
    return this
  }
}

/** Cuts a stream of bytes into frames: four bytes of length, then so many. */
export class Frames {
  #pending: Buffer = Buffer.alloc(0)

  /** The frames that are whole with this piece. */
  add(piece: Buffer): Buffer[] {
    const frames: Buffer[] = []
    this.#pending = Buffer.concat([this.#pending, piece])
    while (this.#pending.length >= 4 && this.#pending.length >= 4 + this.#pending.readInt32BE(0)) {
      const end = 4 + this.#pending.readInt32BE(0)
      frames.push(this.#pending.subarray(4, end))
      this.#pending = this.#pending.subarray(end)
    }
    return frames
  }
}
