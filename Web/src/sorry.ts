import { languageHere } from './words/language';

const words = {
  'zh-CN': { text: '页面没有加载完整。请检查网络后再试。', again: '重新加载' },
  en: { text: 'The page could not be loaded. Check the network and try again.', again: 'Load again' },
};

/** The pages themselves did not arrive: instead of nothing, words and a way on. What was typed or done before is where it was kept. */
export function sorry(): void {
  const { text, again } = words[languageHere()];
  const said = document.createElement('p');
  said.setAttribute('role', 'alert');
  said.textContent = text;
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.act = 'load-again';
  button.textContent = again;
  button.onclick = () => location.reload();
  const main = document.createElement('main');
  main.dataset.part = 'sorry';
  main.append(said, button);
  document.documentElement.lang = languageHere();
  document.getElementById('root')!.replaceChildren(main);
}
