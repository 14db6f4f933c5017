/** Version in the User-Agent; a test keeps it equal to package.json's, whose import would bundle all of that file. */
export const VERSION = '0.1.0'
