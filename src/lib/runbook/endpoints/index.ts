/** Which pod stands behind a name or address inside a cluster. */
export {decodeEndpointPod, type EndpointPod} from './decode.ts'
export {behind, clusterNames, findEndpoint, isIpAddress, membersOf, type Neighbourhood, targetPort} from './find.ts'
export {readNeighbourhood} from './read.ts'
