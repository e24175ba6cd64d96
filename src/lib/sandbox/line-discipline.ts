/** A terminal between the keys that a client sends and a program: echo, lines, backspace, Ctrl-C, Ctrl-D. */
import {Transform, type Writable} from 'node:stream'

const CTRL_C = 3
const CTRL_D = 4
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const DELETE = 127

/** What keys become: whole lines for the program, and their echo. Ends at Ctrl-D on an empty line. */
export function keysToLines(echo: Writable, interrupt: () => void): Transform {
  let line: number[] = []
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const key of chunk) {
        if (key === CTRL_C) {
          echo.write('^C\n')
          line = []
          interrupt()
        } else if (key === CTRL_D) {
          if (line.length === 0) this.push(null)
        } else if (key === CARRIAGE_RETURN || key === LINE_FEED) {
          echo.write('\n')
          this.push(Buffer.from([...line, LINE_FEED]))
          line = []
        } else if (key === DELETE) {
          if (line.pop() !== undefined) echo.write('\b \b')
        } else {
          echo.write(Buffer.of(key))
          line.push(key)
        }
      }
      done()
    },
  })
}

/** A line feed takes a terminal down and not back: it gets a carriage return before it. */
export function withReturns(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(chunk.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'))
    },
  })
}
