EAPI=8

DESCRIPTION="What the recipe takes the place of"
HOMEPAGE="https://example.invalid/"
LICENSE="BSD"
SLOT="0"
KEYWORDS="~amd64 ~arm64 ~riscv"
