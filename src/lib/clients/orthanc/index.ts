/** Orthanc over any connection: its REST API and DICOM's C-ECHO, and the pages of the web servers that show what it holds. */
export {openOrthancReader, openPageReader} from './reader.ts'
