import { createRoot } from 'react-dom/client';
import { App } from './app';
import { startWords } from './words/words';
import './look.css';

startWords();
createRoot(document.getElementById('root')!).render(<App />);
