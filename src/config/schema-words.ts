/** Words of JSON Schema, as far as more than one reader of schemas goes by them. */

export const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** Their content is data: nothing in it is a schema. */
export const DATA_WORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples'])
