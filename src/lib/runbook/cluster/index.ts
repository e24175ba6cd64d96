export {type ConfigMapData, type ConfigMaps, readConfigMaps, writtenAt} from './config-maps.ts'
export {RESOURCES} from './resources.ts'
export {clockWarning, readOptional, requireNamespace, warningOf, type Read} from './read.ts'
