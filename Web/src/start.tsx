import 'antd/dist/antd.css';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { startShade } from './kit/shade';
import { giveStylesTheirNonce } from './styleNonce';
import { startWords } from './words/words';
import './look.css';

giveStylesTheirNonce();
startShade();
void startWords().then(() => createRoot(document.getElementById('root')!).render(<App />));
