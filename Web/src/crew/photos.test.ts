import { expect, test } from 'vitest';
import { fitted } from './photos';

test.each([[4000, 3000, 1600, 1200], [3000, 4000, 1200, 1600], [800, 600, 800, 600], [9000, 3, 1600, 1]])('%i × %i becomes %i × %i', (w, h, w2, h2) => expect(fitted(w, h)).toEqual([w2, h2]));
