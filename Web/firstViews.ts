import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

interface View {
  name: string;
  /** What is loaded before the first view is there: the page's own entry, and what it imports as it goes. */
  modules: readonly string[];
  /** Kilobytes (1,000 bytes) of script, each file gzipped. */
  most: number;
}

const entry = '/src/main.tsx';
const crew: View = { name: 'crew', modules: [entry, '/src/crew/start.tsx'], most: 150 };
const views: readonly View[] = [crew, { name: 'desk', modules: [entry, '/src/start.tsx', '/src/desk/DeskScreen.tsx', '/src/words/zh-CN.ts'], most: 450 }];

interface Chunk { type: 'chunk'; fileName: string; code: string; imports: string[]; moduleIds: string[]; facadeModuleId: string | null; viteMetadata?: { importedCss: Set<string> } }

/**
 * Holds the first views to their budgets: a build that exceeds one fails. And makes the crews' worker (`sw.js`) out of `worker.js`: it is
 * told the files of the crews' first view, which it keeps on the telephone.
 */
export function firstViews(): Plugin {
  return {
    name: 'first-views',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((f) => f.type === 'chunk') as unknown as Chunk[];
        const found = (view: View) => {
          const files = new Set<string>();
          const css = new Set<string>();
          const walk = (chunk: Chunk | undefined) => {
            if (!chunk || files.has(chunk.fileName)) return;
            files.add(chunk.fileName);
            chunk.viteMetadata?.importedCss.forEach((f) => css.add(f));
            chunk.imports.forEach((f) => walk(chunks.find((c) => c.fileName === f)));
          };
          for (const m of view.modules) {
            const chunk = chunks.find((c) => c.facadeModuleId?.endsWith(m) || c.moduleIds.some((id) => id.endsWith(m)));
            if (!chunk) this.error(`The ${view.name}'s first view has no ${m}.`);
            walk(chunk);
          }
          return { files: [...files], css: [...css] };
        };
        for (const view of views) {
          const sizes = found(view).files.map((f) => [f, gzipSync(chunks.find((c) => c.fileName === f)!.code).length] as const).sort((a, b) => b[1] - a[1]);
          const all = sizes.reduce((sum, [, size]) => sum + size, 0) / 1000;
          const said = `First view of the ${view.name}: ${all.toFixed(1)} of ${view.most} kB gzipped script`;
          if (all > view.most) this.error(`${said}. The largest: ${sizes.slice(0, 8).map(([f, size]) => `${f} ${(size / 1000).toFixed(1)}`).join(', ')}`);
          console.log(said);
        }
        const { files, css } = found(crew);
        const kept = [...files, ...css].map((f) => `/${f}`).sort();
        const worker = readFileSync(new URL('./worker.js', import.meta.url), 'utf8');
        const version = createHash('sha256').update(kept.join('\n') + worker).digest('hex').slice(0, 12);
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker.replace("'__VERSION__'", JSON.stringify(version)).replace("['__FILES__']", JSON.stringify(kept)) });
      },
    },
  };
}
