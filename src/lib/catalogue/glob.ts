/** True where a target or pattern is a glob: `*` is any run of characters, `?` is one. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text)
}

/** Whether the whole of `text` matches; upper and lower case differ. Takes time in proportion to both lengths' product at most. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let index = 0
  let star = -1
  let resume = 0
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = index
    } else if (pattern[at] === '?' || pattern[at] === text[index]) {
      at++
      index++
    } else if (star === -1) {
      return false
    } else {
      at = star + 1
      index = ++resume
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Whether a name matches a list of globs: the last pattern that matches decides, and one that begins with `!` takes away. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  const last = patterns.findLast((pattern) => matchesGlob(pattern.replace(/^!/, ''), name))
  return last !== undefined && !last.startsWith('!')
}
