import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { firstViews } from './firstViews.ts';

export default defineConfig({
  plugins: [react(), firstViews()],
  server: { port: 5173, host: '127.0.0.1', proxy: { '/api': process.env.DESK_API ?? 'http://127.0.0.1:5080' } },
  preview: { host: '127.0.0.1', proxy: { '/api': process.env.DESK_API ?? 'http://127.0.0.1:5080' } },
  build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
  test: { include: ['src/**/*.test.ts'] },
});
