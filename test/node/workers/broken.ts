/** A file that cannot be imported. */
throw new Error("the file is broken");
