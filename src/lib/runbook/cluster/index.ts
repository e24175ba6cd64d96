export {RESOURCES} from './resources.ts'
export {clockWarning, readOptional, requireNamespace, warningOf, type Read} from './read.ts'
