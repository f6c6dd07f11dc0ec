import { TextLink } from '../components/a.tsx'
import { Page } from '../components/page.tsx'
import { paths } from '../paths.ts'

export function NotFound() {
  return (
    <Page title="There is nothing here" lead="The address is mistyped, or what it named is gone.">
      <p>
        <TextLink href={paths.tonight()}>Back to Tonight</TextLink>, or press <kbd>Ctrl K</kbd> and type a name.
      </p>
    </Page>
  )
}
