/** Nothing that could be called. */
export default "no function";
