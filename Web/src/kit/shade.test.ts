import { expect, test } from 'vitest';
import { shadeOf } from './shade';

test('What was chosen goes before what the system prefers', () => expect([shadeOf('light', true), shadeOf('dark', false)]).toEqual(['light', 'dark']));
test('Who never chose sees what the system prefers', () => expect([shadeOf(null, true), shadeOf(null, false), shadeOf('pink', true)]).toEqual(['dark', 'light', 'dark']));
