/** The page about conformance: the cases of the suite, by family. */

import { titlesIn, type Group } from "../conformance/group.js";
import { groups } from "../conformance/groups.js";

const root = new URL(".", import.meta.resolve("jackfield/package.json"));

export const conformancePage = new URL("docs/conformance.md", root);

export function conformancePageText(): string {
  const [server, client] = [
    countOf(groups.flatMap((group) => group.server)),
    countOf(groups.flatMap((group) => group.client)),
  ];
  return `# Conformance

Jackfield's server and the client of \`jackfield connect\` are held against RFC 6455 (WebSocket) and RFC 7692
(permessage-deflate) by a suite of its own: ${inThousands(server)} cases for the server and ${inThousands(client)} for the client, over real TCP. The other side
is written for the suite and shares nothing with the engine; it checks every frame that comes.

\`\`\`sh
npm run conformance                    # runs them all, and prints a table of verdicts
npm run conformance -- --cases         # each case by its name
npm run conformance -- --only U3       # only a family, or a case such as U3.12
\`\`\`

All of them are part of \`npm test\`, so that all of them pass.

| cases | server | client | what |
| ----- | -----: | -----: | ---- |
${groups.flatMap(rowsOf).join("\n")}

This page is made by \`npm run docs\`.
`;
}

function rowsOf(group: Group): readonly string[] {
  const { name, section, server, client } = group;
  const rows = [...titlesIn(group)].map(
    ([id, title]) => `| ${id} | ${cell(server, id)} | ${cell(client, id)} | ${title} |`,
  );
  return [`| | | | **${name}** (${section}) |`, ...rows];
}

interface Counted {
  readonly id: string;
  readonly cases: readonly unknown[];
}

function cell(families: readonly Counted[], id: string): string {
  return String(families.find((family) => family.id === id)?.cases.length ?? "–");
}

function countOf(families: readonly Counted[]): number {
  return families.reduce((sum, { cases }) => sum + cases.length, 0);
}

function inThousands(count: number): string {
  return count.toLocaleString("en-GB");
}
