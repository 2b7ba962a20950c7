import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** For tests: the codes with which a piece of the desk's source refuses. */
export function codesOf(text: string): string[] {
  return [
    ...[...text.matchAll(/(?:Refused\.(?:Conflict|Invalid|Forbidden|TooLarge)|WithErrorCode|TooMany)\(\s*"([a-z_]+(?:\.[a-z_]+)+)"/g)].map((m) => m[1]!),
    ...[...text.matchAll(/Refused\.NotFound\("([a-z_]+)"/g)].map((m) => `${m[1]}.not_found`),
    ...[...text.matchAll(/(?:MustKnowVersion|MustNotBeStale)\("([a-z_]+)"/g)].map((m) => `${m[1]}.changed_meanwhile`),
  ];
}

export function sources(folder: string, named: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => named.test(name) && !/(^|\/)(obj|bin|node_modules)\/|\.test\.ts$|\.gen\.ts$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}
