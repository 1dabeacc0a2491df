/** The variables of a path, typed from its literal. */

type NameEnd =
  | "/"
  | "-"
  | "."
  | "~"
  | ":"
  | "*"
  | "{"
  | "}"
  | "("
  | ")"
  | "?"
  | "+"
  | "\\"
  | "@"
  | ","
  | ";"
  | "="
  | "&"
  | "!"
  | "$"
  | "'"
  | '"'
  | "%"
  | " ";

/** The name at the start of `Text`, up to the first character that cannot be part of one. */
type LeadingName<Text extends string, Name extends string = ""> = Text extends `${infer First}${infer Rest}`
  ? First extends NameEnd
    ? Name
    : LeadingName<Rest, `${Name}${First}`>
  : Name;

type AfterName<Text extends string, Name extends string> = Text extends `${Name}${infer Rest}` ? Rest : "";

/** `{...}` makes what is in it optional; `:name?` and `*name?` do so in the older syntax of Express 4. */
type ParamsOf<
  Path extends string,
  Optional extends boolean = false,
> = Path extends `${infer First}${infer Rest}`
  ? First extends "{"
    ? ParamsOf<Rest, true>
    : First extends "}"
      ? ParamsOf<Rest>
      : First extends ":"
        ? Variable<LeadingName<Rest>, AfterName<Rest, LeadingName<Rest>>, string, Optional>
        : First extends "*"
          ? Variable<LeadingName<Rest>, AfterName<Rest, LeadingName<Rest>>, string[], Optional>
          : ParamsOf<Rest, Optional>
  : unknown;

type Variable<Name extends string, Rest extends string, Value, Optional extends boolean> = (Name extends ""
  ? unknown
  : Rest extends `?${string}`
    ? { readonly [Key in Name]?: Value }
    : Optional extends true
      ? { readonly [Key in Name]?: Value }
      : { readonly [Key in Name]: Value }) &
  ParamsOf<Rest, Optional>;

/** What is known of the variables where the path is not a literal. */
export type AnyParams = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The variables of a path: `PathParams<"/rooms/:id{/:page}">` is `{ readonly id: string; readonly page?: string }`.
 * A wildcard `*rest` gives the list of its segments.
 */
export type PathParams<Path extends string> = string extends Path
  ? AnyParams
  : { [Key in keyof ParamsOf<Path>]: ParamsOf<Path>[Key] };
