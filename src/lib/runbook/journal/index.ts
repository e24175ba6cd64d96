export {appendToJournal, journalFile, readJournal} from './file.ts'
export {journalReport} from './read.ts'
export type {Journal, JournalEntry} from './schema.ts'
export {journalViews} from './view.ts'
