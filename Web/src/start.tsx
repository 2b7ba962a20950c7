import { createRoot } from 'react-dom/client';
import { App } from './app';
import { giveStylesTheirNonce } from './styleNonce';
import { startWords } from './words/words';
import './look.css';

giveStylesTheirNonce();
void startWords().then(() => createRoot(document.getElementById('root')!).render(<App />));
