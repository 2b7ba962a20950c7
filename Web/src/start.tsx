import { createRoot } from 'react-dom/client';
import { App } from './app';
import { giveStylesTheirNonce } from './styleNonce';
import { startWords } from './words/words';
import './look.css';

giveStylesTheirNonce();
startWords();
createRoot(document.getElementById('root')!).render(<App />);
