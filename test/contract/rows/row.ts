/** One line of the contract. */
import type { TestContext } from "node:test";
import type { OwnPath, Site, SiteOptions } from "../face.js";

/** What a check works with. */
export interface Stage {
  readonly t: TestContext;
  /** Builds a site in the framework's own way, and has it listen. */
  readonly start: (options?: SiteOptions) => Promise<Site>;
  /** The path of the site that is written as not every framework does. */
  readonly ownPath: OwnPath;
  /** Whether the face has a note on this row, and does it in its own way. */
  readonly hasNote: (id: string) => boolean;
}

export interface Row {
  /** Of the table of features. */
  readonly id: string;
  /** A sentence that says what holds. */
  readonly holds: string;
  readonly check: (stage: Stage) => Promise<void>;
}
