# homebrew.rb RECIPE SOURCES ROOT PREFIX: the recipe's `install`, with as much of Homebrew as it asks for.
require "pathname"

module OS
  def self.mac? = true
end

# The words of a formula; what they are given is kept by none.
class Formula
  class << self
    %i[desc homepage url version sha256 license depends_on conflicts_with].each { |name| define_method(name) { |*| nil } }
    %i[service test].each { |name| define_method(name) { |&| nil } }
    def inherited(formula)
      (@formulas ||= []) << formula
      super
    end
    attr_reader :formulas
  end

  def initialize(root, prefix)
    @root = root
    @prefix = Pathname(prefix)
  end
  attr_reader :prefix

  def bin = prefix/"bin"
  def man = prefix/"share/man"
  def var = Pathname("/opt/homebrew/var")
  def etc = Pathname("/opt/homebrew/etc")
  def opt_bin = Pathname("/opt/homebrew/bin")
  def buildpath = Pathname(Dir.pwd)

  # Nothing is compiled: the programs are hollow.
  def system(*words)
    return if words.include?("dynamic")

    Kernel.system(*words.map(&:to_s), "DESTDIR=#{@root}", out: File::NULL) || abort("#{words} failed")
  end
end

recipe, sources, root, prefix = ARGV
load recipe
Dir.chdir(sources) { Formula.formulas.fetch(0).new(root, prefix).install }
