import type {Catalogue} from '../../catalogue/index.ts'

/** One heading and what can be chosen under it. */
export interface ChoiceGroup {
  readonly title: string
  readonly choices: readonly {readonly name: string; readonly value: string}[]
}

/** What can be chosen where no target was given: each category as a whole, and its workloads. */
export function targetChoices({categories, workloads}: Catalogue): ChoiceGroup[] {
  return categories.map(({name, title}) => {
    const own = workloads.filter(({category}) => category === name)
    return {
      title,
      choices: [
        {name: `all ${own.length} of ${name}`, value: name},
        ...own.map((workload) => ({name: `${workload.name}  ${workload.purpose}`, value: workload.name})),
      ],
    }
  })
}
