import { createRoot } from 'react-dom/client';
import { startShade } from '../kit/shade';
import { CrewApp } from './CrewApp';
import { Speaking } from './words';
import './crew.css';

startShade();
createRoot(document.getElementById('root')!).render(<Speaking><CrewApp /></Speaking>);

// Opened again in a cellar, the pages come from the telephone. The worker keeps these pages' own files and nothing of anybody.
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
