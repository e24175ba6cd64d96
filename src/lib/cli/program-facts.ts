/** The Node that runs the program, and on what: `v24.1.0`, `linux-x64`. */
export function runtimeFacts(): {readonly node: string; readonly platform: string} {
  const {version, platform, arch} = process
  return {node: version, platform: `${platform}-${arch}`}
}
