/** Where between its tokens, or in which of them, a document's reader is. */
export const EXPECT_VALUE = 0
export const EXPECT_VALUE_OR_END = 1
export const EXPECT_KEY = 2
export const EXPECT_KEY_OR_END = 3
export const EXPECT_COLON = 4
export const AFTER_VALUE = 5
export const IN_KEY = 6
export const IN_STRING = 7
export const IN_NUMBER = 8
export const IN_LITERAL = 9
