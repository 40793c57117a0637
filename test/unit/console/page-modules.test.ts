/** What runs in the browser knows nothing of the gateway but the shape of what it is sent. */
import { describe, expect, it } from 'vitest'
import { readProjectFile } from '../../support/documents.ts'
import { filesOf, importsOf, withoutComments } from '../../support/source-files.ts'

const modules = filesOf('src/console/page').filter((file) => file.endsWith('.ts'))

describe('the modules of the page', () => {
  it.each(modules)('%s loads no module but those beside it', (file) => {
    const loaded = importsOf(withoutComments(readProjectFile(file))).filter(({ typeOnly }) => !typeOnly)
    expect(loaded.filter(({ target }) => !/^\.\/[a-z-]+\.ts$/.test(target))).toEqual([])
  })

  it.each(modules)('%s reads no text as markup or code, and keeps nothing', (file) => {
    const code = withoutComments(readProjectFile(file))
    expect(code).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser/)
    expect(code).not.toMatch(/localStorage|sessionStorage|indexedDB|\bcaches\b|cookie|history\.|pushState|sendBeacon/)
  })

  it('are all there is to fetch: nothing comes from elsewhere', () => {
    const assets = filesOf('src/console/page').filter((file) => /\.(?:html|css|ts)$/.test(file))
    for (const file of assets) {
      expect(readProjectFile(file).replaceAll('http://www.w3.org/2000/svg', ''), file).not.toMatch(/https?:\/\//)
    }
    expect(readProjectFile('src/console/page/index.html')).not.toMatch(
      /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/,
    )
  })
})
